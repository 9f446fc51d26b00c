//VTK::System::Dec
//VTK::Output::Dec
// Colour of a trail; of its older parts fewer pixels are drawn.
// Defined by the program: SIDES, SIDE (as in sheet.frag.glsl).
flat in vec3 paint;
in float age;
//VTK::CustomUniforms::Dec
#include "door.glsl"
#ifdef SIDES
#include "style.glsl"
#include "face.glsl"
#include "sides.glsl"
#endif

void main()
{
  float shown = 1.0 - 0.9 * age;
#ifdef SIDES
#ifdef SIDE
  shown *= shareOfB();
#else
  if (!throughDoorOfA(shown * (1.0 - shareOfB()), false)) discard;
  shown = 1.0;
#endif
#endif
  if (!throughDoor(shown, false)) discard;
  gl_FragData[0] = vec4(paint * 0.92, 1.0);
}
