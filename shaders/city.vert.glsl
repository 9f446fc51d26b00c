//VTK::System::Dec
// Triangles of city objects. Objects that are hidden, or show another level of detail, are thrown away here.
// Defined by the program: COLOUR_MODE (0 surface, 1 object, 2 theme).
// Inputs:  vertexMC  position from the tile's origin, metres
//          tags      object row, surface code
//          uvt       texture u, v, texture number (theme only)   material  material number (theme only)
// Uniforms: styleTex, lodIndex (LoD drawn here), hoverRow (-1 = none), idBase (id of row 0 in the id pass),
//           baseTex (RGBA32F, x = lowest z of each object, scene metres), eyeHeight (z of the eye, scene metres),
//           normalMatrix (world -> view)
in vec4 vertexMC;
in vec2 tags;
uniform mat4 MCDCMatrix;
uniform mat4 MCVCMatrix;
uniform mat3 normalMatrix;
uniform sampler2D styleTex;
uniform sampler2D baseTex;
//VTK::CustomUniforms::Dec
#include "style.glsl"

out vec4 viewAbove;          // position in view axes, metres over the object's base
flat out vec4 styleTint;     // colour of the object, brightness that sets it apart from its neighbours
flat out ivec3 objectTag;    // id, surface code, flags
#if COLOUR_MODE == 2
in vec3 uvt;
in float material;
out vec2 textureUV;
flat out ivec2 themeTag;     // texture, material
#endif

void main()
{
  int row = int(tags.x + 0.5);
  Style style = styleOf(styleTex, row);
  gl_Position = style.shownLod == lodIndex + 1 ? MCDCMatrix * vertexMC : vec4(0.0, 0.0, 2.0, 1.0);
  vec3 inView = (MCVCMatrix * vertexMC).xyz;
  float base = texelFetch(baseTex, ivec2(row % STYLE_WIDTH, row / STYLE_WIDTH), 0).x;
  viewAbove = vec4(inView, eyeHeight + dot(inView, normalMatrix[2]) - base);
  styleTint = vec4(style.rgb, 0.95 + 0.09 * fract(float(row & 1023) * 0.6180340));
  objectTag = ivec3(idBase + row, int(tags.y + 0.5), style.flags | (row == hoverRow ? FLAG_HOVER : 0));
#if COLOUR_MODE == 2
  textureUV = uvt.xy;
  themeTag = ivec2(int(floor(uvt.z + 0.5)), int(floor(material + 0.5)));
#endif
}
