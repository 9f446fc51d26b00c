//VTK::System::Dec
//VTK::Output::Dec
// What kind of object covers a pixel, and how deep it lies there: 24 bits in green, blue and alpha.
// Uniforms: code (1 proposed, 2 under the pointer, 3 selected)
//VTK::CustomUniforms::Dec
void main()
{
  int depth = int(clamp(gl_FragCoord.z, 0.0, 1.0) * 16777215.0);
  gl_FragData[0] = vec4(float(code), float(depth & 255), float((depth >> 8) & 255), float((depth >> 16) & 255)) / 255.0;
}
