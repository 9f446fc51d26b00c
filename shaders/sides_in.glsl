// What results of scenarios add to a vertex: side B of a comparison, colours of surfaces, values at nodes.
// Defined by the program, each only where it is needed: COMPARE, SURFACES, NODES, NODE_RANGES.
// Inputs:   surfaceRow (row of the surface table, -1 = none), nodeRow (row in the values, -1 = none)
// Uniforms: styleTexB, surfaceTex, surfaceTexB (as styleTex), nodeTex, nodeTexB (R32F, 1024 wide),
//           rangeTex, rangeTexB (RG32F, 1024 wide: ends of the range; NaN = unknown)
// Needs style.glsl.
#ifdef COMPARE
uniform sampler2D styleTexB;
flat out vec4 otherStyle;   // side B: colour; flags + 256 * sides that show the object (1 A, 2 B)
#endif
#ifdef SURFACES
in float surfaceRow;
uniform sampler2D surfaceTex;
#ifdef COMPARE
uniform sampler2D surfaceTexB;
#endif

void takeSurface(sampler2D tex, inout Style style)
{
  if (surfaceRow < -0.5) return;
  Style own = styleOf(tex, int(surfaceRow + 0.5));
  if (own.shownLod == 0) return;
  style.rgb = own.rgb;
  style.flags = (style.flags & ~FLAGS_OF_VALUE) | (own.flags & FLAGS_OF_VALUE);
}
#endif

#ifdef NODES
in float nodeRow;
uniform sampler2D nodeTex;
out vec3 nodeHere;          // value; share of corners without data, and of those that were not modelled
#ifdef COMPARE
uniform sampler2D nodeTexB;
out vec3 nodeOther;
#endif

vec3 nodeOf(sampler2D tex)
{
  if (nodeRow < -0.5) return vec3(0.0, 0.0, 1.0);
  int row = int(nodeRow + 0.5);
  float value = texelFetch(tex, ivec2(row % STYLE_WIDTH, row / STYLE_WIDTH), 0).r;
  if (isnan(value)) return vec3(0.0, 1.0, 0.0);
  return isinf(value) ? vec3(0.0, 0.0, 1.0) : vec3(value, 0.0, 0.0);
}

#ifdef NODE_RANGES
uniform sampler2D rangeTex;
out vec3 rangeHere;         // low, high; share of corners whose range is unknown
#ifdef COMPARE
uniform sampler2D rangeTexB;
out vec3 rangeOther;
#endif

vec3 rangeOf(sampler2D tex)
{
  if (nodeRow < -0.5) return vec3(0.0, 0.0, 1.0);
  int row = int(nodeRow + 0.5);
  if (row / STYLE_WIDTH >= textureSize(tex, 0).y) return vec3(0.0, 0.0, 1.0);
  vec2 ends = texelFetch(tex, ivec2(row % STYLE_WIDTH, row / STYLE_WIDTH), 0).rg;
  return any(isnan(ends)) || any(isinf(ends)) ? vec3(0.0, 0.0, 1.0) : vec3(ends, 0.0);
}
#endif
#endif
