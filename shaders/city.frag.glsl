//VTK::System::Dec
//VTK::Output::Dec
// Colour of a city object's face, or its id.
// Defined by the program: COLOUR_MODE (0 surface, 1 object, 2 theme), THEME_PAGES (theme only).
// Uniforms: normalMatrix (world -> view), hazeMetres (distance at which a third of the colour is air), skyBottom,
//           idPass (1 = write ids), theme textures
in vec4 viewAbove;           // position in view axes, metres over the object's base
flat in vec4 styleTint;      // colour of the object, brightness that sets it apart from its neighbours
flat in ivec3 objectTag;     // id, surface code, flags
uniform mat3 normalMatrix;
//VTK::CustomUniforms::Dec
#include "style.glsl"
#include "surfaces.glsl"
#include "light.glsl"
#include "highlight.glsl"
#include "identify.glsl"
#if COLOUR_MODE == 2
in vec2 textureUV;
flat in ivec2 themeTag;
#include "theme.glsl"
#endif

// Flat normal in world axes, turned to the viewer: both sides of a face look alike.
vec3 faceNormal()
{
  vec3 n = cross(dFdx(viewAbove.xyz), dFdy(viewAbove.xyz));
  n = dot(n, viewAbove.xyz) > 0.0 ? -n : n;
  n = n * normalMatrix;
  return n * inversesqrt(max(dot(n, n), 1e-30));
}

// Air between the viewer and the city: far things fade towards the horizon.
vec3 throughAir(vec3 rgb)
{
  float d2 = 0.4 * dot(viewAbove.xyz, viewAbove.xyz) / (hazeMetres * hazeMetres);
  return mix(rgb, skyBottom, min(0.55, d2 / (1.0 + d2)));
}

void main()
{
  vec3 n = faceNormal();
  float up = abs(n.z);
  vec3 light = irradiance(n);
  float bright = brightness(light);
  float foot = footShade(viewAbove.w, up);
  vec3 base = surfaceColour(objectTag.y, up, styleTint.rgb, (objectTag.z & FLAG_BUILDING) != 0) * styleTint.a;
#if COLOUR_MODE == 1
  vec3 rgb = (objectTag.z & FLAG_NO_DATA) != 0
    ? shadeNoData(styleTint.rgb, base, light) * foot
    : shadeData(styleTint.rgb, bright) * mix(1.0, foot, 0.35);
#elif COLOUR_MODE == 2
  vec3 rgb = themeColour(themeTag, textureUV, base, light, foot);
#else
  vec3 rgb = throughAir(shadeMaterial(base, light) * foot);
#endif
  rgb = highlighted(rgb, objectTag.z, bright);
  gl_FragData[0] = idPass == 1 ? colourOfId(objectTag.x) : vec4(rgb, 1.0);
}
