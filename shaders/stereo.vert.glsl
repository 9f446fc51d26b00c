//VTK::System::Dec
// A triangle over the whole picture.
// Inputs: vertexMC corner in clip coordinates.
in vec4 vertexMC;
void main() { gl_Position = vec4(vertexMC.xy, 0.0, 1.0); }
