//VTK::System::Dec
//VTK::Output::Dec
// Sky, and a quiet ground plane that fades into it. Nothing here has depth or an id.
// Uniforms: rayRight, rayUp, rayAhead (view ray = ahead + ndc.x right + ndc.y up, world axes), eye (scene coordinates),
//           groundDisc (centre x, y, height z, radius), gridStep (metres), skyTop, skyBottom, idPass
in vec2 ndc;
//VTK::CustomUniforms::Dec

const vec3 GROUND_RGB = vec3(0.865, 0.868, 0.855);
const vec3 LINE_RGB = vec3(0.81, 0.82, 0.82);

float gridLine(vec2 p, float stepSize)
{
  vec2 q = p / stepSize;
  vec2 width = fwidth(q);
  vec2 d = abs(fract(q - 0.5) - 0.5) / max(width, vec2(1e-6));
  float seen = 1.0 - smoothstep(0.12, 0.45, max(width.x, width.y));
  return (1.0 - smoothstep(0.5, 1.5, min(d.x, d.y))) * seen;
}

void main()
{
  vec3 ray = normalize(rayAhead + ndc.x * rayRight + ndc.y * rayUp);
  float high = clamp(ray.z, 0.0, 1.0);
  vec3 rgb = mix(skyBottom, skyTop, 1.0 - exp(-3.2 * high));
  float low = clamp(-ray.z, 0.0, 1.0);
  rgb = mix(rgb, skyBottom * vec3(0.925, 0.935, 0.95), smoothstep(0.0, 0.8, low));
  vec3 hit = eye + ray * ((groundDisc.z - eye.z) / (ray.z < -1e-4 ? ray.z : -1e-4));
  vec2 p = hit.xy - groundDisc.xy;
  float far = length(p) / groundDisc.w;
  float line = max(gridLine(p, gridStep) * 0.4, gridLine(p, gridStep * 10.0) * 0.8);
  if (ray.z < -1e-4 && eye.z > groundDisc.z) {
    float solid = (1.0 - smoothstep(0.75, 2.6, far)) * smoothstep(0.0, 0.05, low);
    rgb = mix(rgb, mix(GROUND_RGB, LINE_RGB, line), solid);
  }
  // break up the bands that eight bits make of a gradient
  float noise = fract(sin(dot(gl_FragCoord.xy, vec2(12.9898, 78.233))) * 43758.5453) - 0.5;
  gl_FragData[0] = idPass == 1 ? vec4(0.0, 0.0, 0.0, 1.0) : vec4(rgb + noise / 255.0, 1.0);
}
