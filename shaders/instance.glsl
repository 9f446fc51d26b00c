// Copies of a geometry template. VTK declares vertexMC and hands out glyphColor: the number of the copy, 24 bits in RGB.
// Uniforms: instanceTex (RGBA32F, 1024 wide, four texels per copy: rows of the matrix template -> tile; object row),
//           surfaceCode (of the template's faces)
uniform sampler2D instanceTex;
//VTK::CustomUniforms::Dec

int copyNumber()
{
  ivec3 bytes = ivec3(glyphColor.rgb * 255.0 + 0.5);
  return bytes.r + 256 * bytes.g + 65536 * bytes.b;
}

vec4 copyTexel(int k)
{
  int i = 4 * copyNumber() + k;
  return texelFetch(instanceTex, ivec2(i % 1024, i / 1024), 0);
}

// Position from the tile's origin, metres. (VTK's own matrix is the identity here, but it wants to be used.)
vec4 corner()
{
  return GCMCMatrix * vec4(dot(copyTexel(0), vertexMC), dot(copyTexel(1), vertexMC), dot(copyTexel(2), vertexMC), 1.0);
}

// Object row, surface code.
ivec2 tag() { return ivec2(int(copyTexel(3).x + 0.5), surfaceCode); }
