//VTK::System::Dec
// Points and lines as small quads that face the viewer, a fixed number of pixels wide.
// Inputs:  vertexMC  the vertex itself    otherMC  the other end of the line (the same point for a point)
//          corner    x: -1 or 1 across, y: -1 or 1 along (points only)   tags  object row, surface code
// Uniforms: styleTex, lodIndex, hoverRow, idBase, viewportPixels, markerPixels (width), isPoint
in vec4 vertexMC;
in vec3 otherMC;
in vec2 corner;
in vec2 tags;
uniform mat4 MCDCMatrix;
uniform sampler2D styleTex;
//VTK::CustomUniforms::Dec
#include "style.glsl"

out vec2 spot;
flat out vec3 styleRGB;
flat out ivec3 objectTag;

const float NEAREST_W = 0.01;

// A line that passes behind the viewer is cut where it is just in front.
vec4 inFront(vec4 a, vec4 b)
{
  if (a.w >= NEAREST_W || b.w <= NEAREST_W) return a;
  return mix(a, b, (NEAREST_W - a.w) / (b.w - a.w));
}

void main()
{
  int row = int(tags.x + 0.5);
  Style style = styleOf(styleTex, row);
  vec4 a = MCDCMatrix * vertexMC;
  vec4 b = MCDCMatrix * vec4(otherMC, 1.0);
  int flags = style.flags | (row == hoverRow ? FLAG_HOVER : 0);
  float pixels = markerPixels * (flags != 0 && (flags & 3) != 0 ? 1.6 : 1.0);
  vec2 toPixels = 0.5 * viewportPixels;
  vec2 offset;
  if (isPoint == 1) {
    offset = corner * 0.5 * pixels;
  } else {
    vec4 a2 = inFront(a, b);
    vec4 b2 = inFront(b, a);
    vec2 along = (b2.xy / b2.w - a2.xy / a2.w) * toPixels;
    along = dot(along, along) > 1e-12 ? normalize(along) : vec2(1.0, 0.0);
    // corner.y tells which end this is, so that both ends agree on one direction
    offset = vec2(-along.y, along.x) * corner.x * corner.y * 0.5 * pixels;
    a = a2;
  }
  a.xy += offset / toPixels * a.w;
  a.z -= 2e-5 * a.w;   // a hair in front of the face that it lies on
  gl_Position = style.shownLod == lodIndex + 1 ? a : vec4(0.0, 0.0, 2.0, 1.0);
  spot = corner;
  styleRGB = style.rgb;
  objectTag = ivec3(idBase + row, 0, flags);
}
