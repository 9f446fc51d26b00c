//VTK::System::Dec
//VTK::Output::Dec
// What kind of object covers a pixel, and how deep it lies there (alpha is 1: VTK may blend).
// Uniforms: code (viewer/render/outline.py)
//VTK::CustomUniforms::Dec
void main()
{
  gl_FragData[0] = vec4(float(code), gl_FragCoord.z, 0.0, 1.0);
}
