//VTK::System::Dec
//VTK::Output::Dec
// A line where the mask has an edge, about three points wide.
// Uniforms: maskTex (RGBA32F: code, depth), lineScale (pixels per point),
//           part (columns and rows of the pane: left, bottom, right, top),
//           hidden (1: thin and dashed, whatever is in front; 0: solid, where the object is in front)
uniform sampler2D maskTex;
//VTK::CustomUniforms::Dec
#include "outline.glsl"

void main()
{
  ivec2 here = ivec2(gl_FragCoord.xy);
  ivec2 first = ivec2(part.xy), last = min(ivec2(part.zw), textureSize(maskTex, 0) - 1);
  float inside = 0.0, depth = 1.0;
  int code = 0;
  for (int i = 0; i < TAPS; ++i) {
    ivec2 at = clamp(here + ivec2(round(TAP[i] * lineScale)), first, last);
    vec2 mask = texelFetch(maskTex, at, 0).rg;
    int kind = int(mask.r + 0.5);
    if (kind > 0) { inside += 1.0; depth = min(depth, mask.g); }
    code = max(code, kind);
  }
  vec4 line = outlineColour(code, inside / float(TAPS), hidden == 1);
  if (line.a < 0.02) discard;
  gl_FragDepth = hidden == 1 ? 0.0 : max(depth - 2.0e-6, 0.0);
  gl_FragData[0] = line;
}
