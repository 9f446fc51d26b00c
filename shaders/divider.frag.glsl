//VTK::System::Dec
//VTK::Output::Dec
// White in the middle, dark along both sides, so that it is seen on everything.
in float place;
//VTK::CustomUniforms::Dec
void main()
{
  gl_FragData[0] = vec4(abs(place) < 0.34 ? vec3(1.0) : vec3(0.22, 0.25, 0.28), 1.0);
}
