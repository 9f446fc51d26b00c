//VTK::System::Dec
// Triangles of city objects for maps of depth: those that are shown, without colours.
// Inputs and uniforms: as in city.vert.glsl.
#ifndef INSTANCED
in vec4 vertexMC;
in vec2 tags;
uniform mat4 MCDCMatrix;
#endif
uniform sampler2D styleTex;
#ifdef INSTANCED
#include "instance.glsl"
#else
//VTK::CustomUniforms::Dec
vec4 corner() { return vertexMC; }
ivec2 tag() { return ivec2(tags + 0.5); }
#endif
#include "style.glsl"

#ifdef INSTANCED
void placeCopy()   // called by VTK's own main()
#else
void main()
#endif
{
  vec4 place = corner();
  gl_Position = styleOf(styleTex, tag().x).shownLod == lodIndex + 1 ? MCDCMatrix * place : vec4(0.0, 0.0, 2.0, 1.0);
}
