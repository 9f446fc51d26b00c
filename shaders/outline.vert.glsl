//VTK::System::Dec
// A rectangle of the picture.
// Inputs: vertexMC corner, 0 or 1.   Uniforms: rect (left, bottom, right, top, -1..1)
in vec4 vertexMC;
//VTK::CustomUniforms::Dec
void main() { gl_Position = vec4(mix(rect.xy, rect.zw, vertexMC.xy), 0.0, 1.0); }
