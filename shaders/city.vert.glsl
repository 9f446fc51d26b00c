//VTK::System::Dec
// Triangles of city objects. Objects that are hidden, or show another level of detail, are thrown away here.
// Inputs:  vertexMC  position from the tile's origin, metres
//          tags      object row, surface code
//          uvt       texture u, v, texture number (theme only)   material  material number (theme only)
// Uniforms: styleTex, baseTex (RGBA32F, x = lowest z of each object, scene metres), eyeHeight (z of the eye, scene metres),
//           normalMatrix (world -> view), lodIndex (LoD drawn here), hoverRow (-1 = none), idBase (id of row 0 in the id pass)
in vec4 vertexMC;
in vec2 tags;
in vec3 uvt;
in float material;
uniform mat4 MCDCMatrix;
uniform mat4 MCVCMatrix;
uniform mat3 normalMatrix;
uniform sampler2D styleTex;
uniform sampler2D baseTex;
//VTK::CustomUniforms::Dec
#include "style.glsl"

out vec4 vertexVC;
out vec2 textureUV;
out float aboveBase;
flat out vec3 styleRGB;
flat out ivec4 objectTag;    // id, surface code, flags, row
flat out ivec2 themeTag;     // texture, material

void main()
{
  int row = int(tags.x + 0.5);
  Style style = styleOf(styleTex, row);
  if (style.shownLod != lodIndex + 1) {
    gl_Position = vec4(0.0, 0.0, 2.0, 1.0);
  } else {
    gl_Position = MCDCMatrix * vertexMC;
  }
  vertexVC = MCVCMatrix * vertexMC;
  float base = texelFetch(baseTex, ivec2(row % STYLE_WIDTH, row / STYLE_WIDTH), 0).x;
  aboveBase = eyeHeight + (vertexVC.xyz * normalMatrix).z - base;
  textureUV = uvt.xy;
  styleRGB = style.rgb;
  objectTag = ivec4(idBase + row, int(tags.y + 0.5), style.flags | (row == hoverRow ? FLAG_HOVER : 0), row);
  themeTag = ivec2(int(floor(uvt.z + 0.5)), int(floor(material + 0.5)));
}
