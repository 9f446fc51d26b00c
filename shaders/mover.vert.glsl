//VTK::System::Dec
// Copies of small templates: vehicles and people.
// Defined by the program: DOT (1: a round spot of fixed size in place of a template).
// Inputs:   vertexMC  place in the template, metres (DOT: corner, -1 or 1)
//           copy      number of the copy, part of the template (mover_shapes.py)
// Uniforms: moverTex (RGBA32F, 1024 wide, two texels per copy: x, y, z in scene metres and size, 0 = nothing;
//           cosine and sine of the heading, colour as 24 bits, state: 0 value, 1 no data, 2 not modelled), firstCopy, eye, pixelAngle, dotPixels (radius),
//           viewportPixels
in vec4 vertexMC;
in vec2 copy;
uniform mat4 MCDCMatrix;
uniform sampler2D moverTex;
//VTK::CustomUniforms::Dec
out vec3 fromEye;
flat out vec4 paint;   // colour, part
flat out int state;
#ifdef DOT
out vec2 spot;
#endif

vec4 moverTexel(int i) { return texelFetch(moverTex, ivec2(i % 1024, i / 1024), 0); }

void main()
{
  int number = firstCopy + int(copy.x + 0.5);
  vec4 place = moverTexel(2 * number), look = moverTexel(2 * number + 1);
  int rgb = int(look.z + 0.5);
  paint = vec4(float(rgb & 255) / 255.0, float((rgb >> 8) & 255) / 255.0, float((rgb >> 16) & 255) / 255.0, copy.y);
  state = int(look.w + 0.5);
#ifdef DOT
  vec3 at = place.xyz + vec3(0.0, 0.0, 1.0);
  spot = vertexMC.xy;
  gl_Position = MCDCMatrix * vec4(at, 1.0);
  gl_Position.xy += vertexMC.xy * dotPixels * place.w * 2.0 / viewportPixels * gl_Position.w;
  gl_Position.z -= 1e-5 * gl_Position.w;
#else
  vec3 own = vertexMC.xyz * place.w;
  vec3 at = place.xyz + vec3(look.x * own.x - look.y * own.y, look.y * own.x + look.x * own.y, own.z);
  gl_Position = MCDCMatrix * vec4(at, 1.0);
#endif
  if (place.w <= 0.0) gl_Position = vec4(0.0, 0.0, 2.0, 1.0);
  fromEye = at - eye;
}
