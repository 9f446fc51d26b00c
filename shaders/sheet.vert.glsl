//VTK::System::Dec
// A water surface: a flat grid lifted to the level of the water.
// Inputs:   vertexMC  column and row in the grid of vertices
// Uniforms: levelTex, levelTexNext (R32F, metres of the project's heights, one texel per vertex), waterMix (0..1 from one to the
//           next), gridCells (cells per vertex, across and down), gridX, gridY (scene x, y from column, row, 1),
//           levelFrom (height of the scene origin), eye (scene coordinates)
in vec4 vertexMC;
uniform mat4 MCDCMatrix;
uniform sampler2D levelTex;
uniform sampler2D levelTexNext;
//VTK::CustomUniforms::Dec
out vec3 fromEye;   // scene coordinates minus the eye, metres
out vec2 cell;      // column and row of the raster, from the first cell's outer corner

// Metres towards the eye, and more with the distance: shallow water wins over ground that is not quite as flat as the
// simulation's, so that the shore is where the depths say.
const float IN_FRONT = 0.05, IN_FRONT_SHARE = 8e-4;

void main()
{
  ivec2 at = ivec2(vertexMC.xy + 0.5);
  cell = vertexMC.xy * gridCells;
  float level = mix(texelFetch(levelTex, at, 0).r, texelFetch(levelTexNext, at, 0).r, waterMix) - levelFrom;
  vec3 place = vec3(dot(gridX, vec3(cell, 1.0)), dot(gridY, vec3(cell, 1.0)), level);
  fromEye = place - eye;
  gl_Position = MCDCMatrix * vec4(place - normalize(fromEye) * IN_FRONT - fromEye * IN_FRONT_SHARE, 1.0);
}
