// From light to the screen. Its gamma is taken as 2.

// Light (linear) as a colour (sRGB). Bright light rolls off; hue is kept, and only what dazzles turns white.
vec3 toneMapped(vec3 light)
{
  const float KNEE = 0.62;
  float most = max(max(light.r, light.g), max(light.b, 1e-4));
  float shown = most < KNEE ? most : 1.0 - (1.0 - KNEE) * exp(-(most - KNEE) / (1.0 - KNEE));
  vec3 kept = light * (shown / most);
  return sqrt(mix(kept, vec3(shown), 0.6 * smoothstep(1.0, 4.0, most)));
}

// Half a step of the screen, up or down, that breaks up the bands which eight bits make of a gradient.
// (interleaved gradient noise: J. Jimenez, "Next generation post processing in Call of Duty", 2014)
float dither(vec2 pixel)
{
  return (fract(52.9829189 * fract(dot(pixel, vec2(0.06711056, 0.00583715)))) - 0.5) / 255.0;
}
