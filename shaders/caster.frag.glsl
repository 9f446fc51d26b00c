//VTK::System::Dec
//VTK::Output::Dec
// Only depth counts.
void main() { gl_FragData[0] = vec4(1.0); }
