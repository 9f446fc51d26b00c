//VTK::System::Dec
// Thin rectangles over the picture: the line of a swipe, gaps between panes.
// Inputs: vertexMC corner in clip coordinates; across: -1 or 1 from one long side to the other
in vec4 vertexMC;
in float across;
//VTK::CustomUniforms::Dec
out float place;
void main()
{
  place = across;
  gl_Position = vec4(vertexMC.xy, 0.0, 1.0);
}
