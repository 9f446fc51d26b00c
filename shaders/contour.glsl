// Contour lines on ground and terrain, every fifth stronger. Needs face.glsl.
// Uniforms: contourStep (metres, 0 = none), contourFrom (height of the scene origin, metres)
const vec3 CONTOUR = vec3(0.36, 0.30, 0.24);

// Share of the pixel on lines of that distance: about `wide` pixels, gone where they come closer than six pixels.
float contourShare(float height, float step_, float wide)
{
  float h = height / step_, px = fwidth(h);
  if (px < 1e-6) return 0.0;
  float away = abs(fract(h - 0.5) - 0.5) / px;
  return clamp(0.5 + 0.5 * wide - away, 0.0, 1.0) * (1.0 - smoothstep(0.09, 0.20, px));
}

vec3 contoured(vec3 rgb, Face f)
{
  if (contourStep <= 0.0) return rgb;
  float height = f.at.z + contourFrom;
  float line = max(0.45 * contourShare(height, contourStep, 1.0), 0.75 * contourShare(height, 5.0 * contourStep, 1.6));
  bool land = (f.flags & FLAG_BUILDING) == 0 && ((f.use >= 16 && f.use <= 36) || f.use == 44) && f.n.z > 0.2;
  return land ? mix(rgb, CONTOUR, line) : rgb;
}
