//VTK::System::Dec
// A triangle over the whole picture, as far away as can be: whatever is drawn hides it.
// Inputs: vertexMC corner in clip coordinates.
in vec4 vertexMC;
out vec2 ndc;
void main()
{
  ndc = vertexMC.xy;
  gl_Position = vec4(vertexMC.xy, 1.0, 1.0);
}
