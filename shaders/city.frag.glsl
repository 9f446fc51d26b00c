//VTK::System::Dec
//VTK::Output::Dec
// Colour of a city object's face, or its id.
// Uniforms: normalMatrix (world -> view), hazeMetres (distance at which a third of the colour is air), skyBottom, idPass (1 = write ids), colourMode (0 surface, 1 object, 2 theme), theme textures
in vec4 vertexVC;
in vec2 textureUV;
in float aboveBase;
flat in vec3 styleRGB;
flat in ivec4 objectTag;
flat in ivec2 themeTag;
uniform mat3 normalMatrix;
//VTK::CustomUniforms::Dec
#include "style.glsl"
#include "surfaces.glsl"
#include "light.glsl"
#include "highlight.glsl"
#include "identify.glsl"
#include "theme.glsl"

// Flat normal in view axes, turned to the viewer: both sides of a face look alike.
vec3 faceNormal()
{
  vec3 n = cross(dFdx(vertexVC.xyz), dFdy(vertexVC.xyz));
  float size = length(n);
  n = size > 0.0 ? n / size : vec3(0.0, 0.0, 1.0);
  return dot(n, vertexVC.xyz) > 0.0 ? -n : n;
}

// A hint of variety, so that equal houses do not melt into one.
vec3 variety(int row)
{
  float r = fract(sin(float(row & 65535) * 12.9898) * 43758.5453);
  return vec3(0.945 + 0.11 * r, 0.95 + 0.10 * r, 0.965 + 0.06 * r);
}

// Air between the viewer and the city: far things fade towards the horizon.
vec3 throughAir(vec3 rgb)
{
  float d = length(vertexVC.xyz) / hazeMetres;
  return mix(rgb, skyBottom, min(0.55, 1.0 - exp(-0.4 * d * d)));
}

void main()
{
  vec3 n = normalize(faceNormal() * normalMatrix);
  bool building = (objectTag.z & FLAG_BUILDING) != 0;
  vec3 rgb;
  if (colourMode == 1) {
    rgb = shadeData(styleRGB, n) * mix(1.0, footShade(aboveBase, n), 0.35);
  } else if (colourMode == 2) {
    rgb = themeColour(themeTag, textureUV, styleRGB, n);
  } else {
    rgb = shadeMaterial(surfaceColour(objectTag.y, abs(n.z), styleRGB, building) * variety(objectTag.w), n) * footShade(aboveBase, n);
    rgb = throughAir(rgb);
  }
  rgb = highlighted(rgb, objectTag.z, n);
  gl_FragData[0] = idPass == 1 ? colourOfId(objectTag.x) : vec4(rgb, 1.0);
}
