//VTK::System::Dec
//VTK::Output::Dec
// Colour of a point or line, or its id. Points are round.
in vec2 spot;
flat in vec3 styleRGB;
flat in ivec3 objectTag;
//VTK::CustomUniforms::Dec
#include "style.glsl"
#include "highlight.glsl"
#include "identify.glsl"

void main()
{
  if (isPoint == 1 && dot(spot, spot) > 1.0) discard;
  vec3 rgb = highlighted(styleRGB * 0.94, objectTag.z, 0.8);
  gl_FragData[0] = idPass == 1 ? colourOfId(objectTag.x) : vec4(rgb, 1.0);
}
