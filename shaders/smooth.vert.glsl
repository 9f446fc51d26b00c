//VTK::System::Dec
// Some rows of the picture, in front of all of it.
#include "rows.glsl"
void main() { gl_Position = vec4(onRows(), -1.0, 1.0); }
