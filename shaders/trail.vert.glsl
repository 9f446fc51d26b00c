//VTK::System::Dec
// Where movers were before: lines that get thinner and fade.
// Inputs:   vertexMC  x: which end of the piece (0 newer, 1 older), y: -1 or 1 across, z: number of the piece
//           copy      number of the mover
// Uniforms: trailTex (RGBA32F, 1024 wide, trailLength texels per mover, newest first: x, y, z in scene metres; colour
//           as 24 bits, -1 = nowhere), trailLength, trailPixels (width of the newest), viewportPixels
in vec4 vertexMC;
in float copy;
uniform mat4 MCDCMatrix;
uniform sampler2D trailTex;
//VTK::CustomUniforms::Dec
flat out vec3 paint;
out float age;   // 0 newest, 1 oldest

vec4 trailTexel(int k)
{
  int i = int(copy + 0.5) * trailLength + k;
  return texelFetch(trailTex, ivec2(i % 1024, i / 1024), 0);
}

void main()
{
  int piece = int(vertexMC.z + 0.5), end = int(vertexMC.x + 0.5);
  vec4 a = trailTexel(piece), b = trailTexel(piece + 1);
  vec4 p = MCDCMatrix * vec4(a.xyz, 1.0), q = MCDCMatrix * vec4(b.xyz, 1.0);
  age = float(piece + end) / float(max(trailLength - 1, 1));
  vec2 toPixels = 0.5 * viewportPixels;
  vec2 along = (q.xy / q.w - p.xy / p.w) * toPixels;
  along = dot(along, along) > 1e-12 ? normalize(along) : vec2(1.0, 0.0);
  vec4 at = end == 0 ? p : q;
  at.xy += vec2(-along.y, along.x) * vertexMC.y * 0.5 * mix(trailPixels, 0.35 * trailPixels, age) / toPixels * at.w;
  at.z -= 1e-5 * at.w;
  bool gone = a.w < 0.0 || b.w < 0.0 || p.w < 0.01 || q.w < 0.01;
  gl_Position = gone ? vec4(0.0, 0.0, 2.0, 1.0) : at;
  int rgb = int(max(a.w, 0.0) + 0.5);
  paint = vec3(float(rgb & 255), float((rgb >> 8) & 255), float((rgb >> 16) & 255)) / 255.0;
}
