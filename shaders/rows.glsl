// A rectangle as wide as the picture.
// Inputs: vertexMC corner: x from -1 to 1, y from 0 (first row) to 1 (last row).
// Uniforms: rows (where these rows begin and end, clip coordinates)
in vec4 vertexMC;
//VTK::CustomUniforms::Dec

vec2 onRows()
{
  return vec2(vertexMC.x, mix(rows.x, rows.y, vertexMC.y));
}
