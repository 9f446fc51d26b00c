//VTK::System::Dec
// Some rows of the picture, as far away as can be: whatever is drawn hides it.
#include "rows.glsl"
void main() { gl_Position = vec4(onRows(), 1.0, 1.0); }
