//VTK::System::Dec
//VTK::Output::Dec
// Colour of a city object's face, or its id.
// Defined by the program: COLOUR_MODE (0 surface, 1 object, 2 theme), THEME_PAGES (theme only),
//                         REALISM (0 plain, 1 shaded, 2 textured), LIGHTING (0, 1; as in light.glsl).
// Uniforms: eye (scene coordinates), pixelAngle (metres per pixel, a metre ahead), idPass (1 = write ids);
//           those of light.glsl, sides.glsl, ground_field.glsl, and theme textures
in vec3 fromEye;
flat in vec4 objectFacts;
flat in vec3 styleRGB;
flat in ivec4 objectTag;
#if REALISM == 2
in vec4 wallAt;
#endif
uniform mat3 normalMatrix;
//VTK::CustomUniforms::Dec
#include "style.glsl"
#include "face.glsl"
#include "surfaces.glsl"
#include "light.glsl"
#include "contour.glsl"
#include "hatch.glsl"
#include "highlight.glsl"
#if defined(FADE) || defined(COMPARE_HIDES) || (COLOUR_MODE == 2 && defined(THEME_CLEAR))
#include "door.glsl"
#endif
#if defined(NODES) || defined(GROUND_FIELD)
#include "field.glsl"
#endif
#if defined(COMPARE) || defined(NODES) || defined(FADE) || defined(SIDES)
#define MORE
#include "sides.glsl"
#endif
#include "identify.glsl"
#ifdef GROUND_FIELD
#include "ground_field.glsl"
#endif
#if COLOUR_MODE == 2
in vec2 textureUV;
flat in ivec2 themeTag;
#include "theme.glsl"
#endif

// Flat normal in world axes, turned to the viewer: both sides of a face look alike.
vec3 faceNormal()
{
  vec3 n = cross(dFdx(fromEye), dFdy(fromEye));
  n = dot(n, fromEye) > 0.0 ? -n : n;
  return n * inversesqrt(max(dot(n, n), 1e-30));
}

Face faceHere()
{
  Face f;
  f.code = objectTag.y;
  f.use = objectTag.w;
  f.flags = objectTag.z;
  f.own = styleRGB;
  f.n = faceNormal();
  f.at = eye + fromEye;
  f.distance = length(fromEye);
  f.toEye = -fromEye / max(f.distance, 1e-6);
  f.above = fromEye.z - objectFacts.x;
  f.top = objectFacts.y;
#if REALISM == 2
  f.wall = wallAt;
#else
  f.wall = vec4(0.0);
#endif
  f.storey = objectFacts.z;
  f.pixel = f.distance * pixelAngle;
  f.random = objectFacts.w;
  f.unsure = unsureFlag(f.flags);
  return f;
}

void main()
{
  Face f = faceHere();
#ifdef MORE
  if (!takeSide(f, idPass == 1)) discard;
#endif
  findShade(f.at, f.n);
  Surface s = surfaceOf(f);
#if COLOUR_MODE == 1
  vec3 rgb = (f.flags & FLAG_NOT_MODELLED) != 0 ? notModelled(f.own, s, f)
           : (f.flags & FLAG_NO_DATA) != 0 ? shadeNoData(f.own, s, f) : shadeData(f.own, f);
#elif COLOUR_MODE == 2
  vec4 photo = themeColour(themeTag, textureUV, s.rgb);
  s.rgb = photo.rgb;
  if (photo.a > 0.25) { s.glow = vec3(0.0); s.gloss = 0.0; s.n = f.n; }   // no windows of ours on it
#if THEME_CLEAR == 1
  if (seenThrough(themeTag.y, idPass == 1)) discard;
#endif
  vec3 rgb = photo.a > 0.5 ? shadePhoto(s, f) : lit(s, f);
#else
  vec3 rgb = lit(s, f);
#endif
#ifdef GROUND_FIELD
  rgb = grounded(rgb, s, f);
#endif
  rgb = hatched(contoured(rgb, f), f);
  rgb = highlighted(rgb, f.flags, brightness(irradiance(f.n)));
  gl_FragData[0] = idPass == 1 ? colourOfId(objectTag.x) : vec4(rgb, 1.0);
}
