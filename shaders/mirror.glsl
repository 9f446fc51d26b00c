// What glass and water mirror: the sky above the horizon, the town below it.
// Uniforms: skyTop, skyBottom (sRGB).

// Share of the light that is mirrored; normal: what is mirrored when looked at straight (glass 0.06, water 0.02).
float fresnel(float normal, vec3 n, vec3 toEye)
{
  float c = 1.0 - clamp(dot(n, toEye), 0.0, 1.0);
  float c2 = c * c;
  return normal + (1.0 - normal) * c2 * c2 * c;
}

// Colour (sRGB) that is seen along a direction.
vec3 surroundings(vec3 way)
{
  vec3 sky = mix(skyBottom, skyTop, clamp(1.6 * way.z, 0.0, 1.0));
  return mix(0.62 * skyBottom, sky, smoothstep(-0.10, 0.12, way.z));
}

const vec3 LAMP = vec3(1.0, 0.66, 0.31);    // light behind windows, linear
