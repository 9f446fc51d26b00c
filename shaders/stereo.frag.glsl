//VTK::System::Dec
//VTK::Output::Dec
// The pictures of both eyes in one.
// Uniforms: leftTex, rightTex (RGBA8, of the picture's size),
//           mode (0: red from the left eye's luminance, green and blue from the right eye; 1: side by side, squeezed;
//           2: side by side, the middle of each)
uniform sampler2D leftTex;
uniform sampler2D rightTex;
//VTK::CustomUniforms::Dec

vec3 eye(bool right, ivec2 at)
{
  return right ? texelFetch(rightTex, at, 0).rgb : texelFetch(leftTex, at, 0).rgb;
}

void main()
{
  ivec2 at = ivec2(gl_FragCoord.xy), size = textureSize(leftTex, 0);
  int width = size.x / 2;
  bool right = at.x >= width;
  int x = right ? at.x - width : at.x;
  vec3 colour;
  if (mode == 0)
    colour = vec3(dot(eye(false, at), vec3(0.299, 0.587, 0.114)), eye(true, at).gb);
  else if (mode == 1)
    colour = 0.5 * (eye(right, ivec2(min(2 * x, size.x - 1), at.y)) + eye(right, ivec2(min(2 * x + 1, size.x - 1), at.y)));
  else
    colour = eye(right, ivec2(x + (size.x - width) / 2, at.y));
  gl_FragData[0] = vec4(colour, 1.0);
}
