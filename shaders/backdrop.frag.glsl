//VTK::System::Dec
//VTK::Output::Dec
// Sky, and a quiet ground plane that fades into it. Nothing here has depth or an id.
// Uniforms: rayRight, rayUp, rayAhead (view ray = ahead + ndc.x right + ndc.y up, world axes), eye (scene coordinates),
//           groundDisc (centre x, y, height z, radius), gridStep (metres), skyTop, skyBottom, idPass
in vec2 ndc;
//VTK::CustomUniforms::Dec

const vec3 GROUND_RGB = vec3(0.865, 0.868, 0.855);
const vec3 LINE_RGB = vec3(0.81, 0.82, 0.82);

// footprint: metres of ground under a pixel
float gridLine(vec2 p, vec2 footprint, float stepSize)
{
  vec2 q = p / stepSize;
  vec2 width = footprint / stepSize;
  vec2 d = abs(fract(q - 0.5) - 0.5) / max(width, vec2(1e-6));
  float seen = 1.0 - smoothstep(0.12, 0.45, max(width.x, width.y));
  return (1.0 - smoothstep(0.5, 1.5, min(d.x, d.y))) * seen;
}

void main()
{
  vec3 ray = normalize(rayAhead + ndc.x * rayRight + ndc.y * rayUp);
  float high = clamp(ray.z, 0.0, 1.0);
  float clear = (1.0 - high) * (1.0 - high);
  vec3 rgb = mix(skyBottom, skyTop, 1.0 - clear * clear);
  float low = clamp(-ray.z, 0.0, 1.0);
  rgb = mix(rgb, skyBottom * vec3(0.925, 0.935, 0.95), smoothstep(0.0, 0.8, low));
  vec3 hit = eye + ray * ((groundDisc.z - eye.z) / (ray.z < -1e-4 ? ray.z : -1e-4));
  vec2 p = hit.xy - groundDisc.xy;
  float far = length(p) / groundDisc.w;
  vec2 footprint = fwidth(p);
  float line = max(gridLine(p, footprint, gridStep) * 0.4, gridLine(p, footprint, gridStep * 10.0) * 0.8);
  if (ray.z < -1e-4 && eye.z > groundDisc.z) {
    float solid = (1.0 - smoothstep(0.75, 2.6, far)) * smoothstep(0.0, 0.05, low);
    rgb = mix(rgb, mix(GROUND_RGB, LINE_RGB, line), solid);
  }
  // break up the bands that eight bits make of a gradient
  // (interleaved gradient noise: J. Jimenez, "Next generation post processing in Call of Duty", 2014)
  float noise = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715)))) - 0.5;
  gl_FragData[0] = idPass == 1 ? vec4(0.0, 0.0, 0.0, 1.0) : vec4(rgb + noise / 255.0, 1.0);
}
