//VTK::System::Dec
// Faces of objects that get a line round them.
// Inputs: vertexMC position from the mesh's middle, metres.
in vec4 vertexMC;
uniform mat4 MCDCMatrix;
void main() { gl_Position = MCDCMatrix * vertexMC; }
