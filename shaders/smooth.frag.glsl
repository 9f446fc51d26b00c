//VTK::System::Dec
//VTK::Output::Dec
// Stairs along edges become slopes: a pixel beside an edge takes over some of the pixel across it, the more the nearer
// it is to a step (T. Lottes, "FXAA", NVIDIA 2009). Pixels away from edges stay what they are.
// Uniforms: pictureTex (RGBA8, of the picture's size), corner (lower left of the picture in the window, pixels)
uniform sampler2D pictureTex;
//VTK::CustomUniforms::Dec
const float LEAST_SHARE = 0.125, LEAST = 0.0625;   // contrast of an edge: share of the brightest pixel around, and at all
const int REACH = 12;                              // pixels that an edge is followed to each side
const float SPECKLE = 0.6, SPECKLE_LEAST = 0.25;  // most that a single pixel takes over, and what it must differ by
const vec3 LUMA = vec3(0.299, 0.587, 0.114);

vec3 colourAt(ivec2 at)
{
  return texelFetch(pictureTex, clamp(at, ivec2(0), textureSize(pictureTex, 0) - 1), 0).rgb;
}

float luma(ivec2 at)
{
  return dot(colourAt(at), LUMA);
}

// How far an edge goes on from here to one side, in pixels, and how its brightness differs there from that beside us.
// across: to the pixel across the edge; beside: mean brightness of both sides here; steep: their difference
vec2 edgeEnd(ivec2 at, ivec2 across, ivec2 along, float beside, float steep)
{
  float off = 0.0;
  int n = 1;
  for (; n < REACH; ++n) {
    ivec2 p = at + n * along;
    off = 0.5 * (luma(p) + luma(p + across)) - beside;
    if (abs(off) >= 0.25 * steep) break;
  }
  return vec2(float(n), off);
}

void main()
{
  ivec2 at = ivec2(gl_FragCoord.xy - corner);
  vec3 own = colourAt(at);
  float m = dot(own, LUMA);
  float n = luma(at + ivec2(0, 1)), s = luma(at + ivec2(0, -1)), e = luma(at + ivec2(1, 0)), w = luma(at + ivec2(-1, 0));
  float most = max(m, max(max(n, s), max(e, w))), least = min(m, min(min(n, s), min(e, w)));
  float range = most - least;
  if (range < max(LEAST, LEAST_SHARE * most)) discard;
  float ne = luma(at + ivec2(1, 1)), nw = luma(at + ivec2(-1, 1)), se = luma(at + ivec2(1, -1)), sw = luma(at + ivec2(-1, -1));

  // which way the edge runs, and on which side of us
  float level = abs(nw + sw - 2.0 * w) + 2.0 * abs(n + s - 2.0 * m) + abs(ne + se - 2.0 * e);
  float upright = abs(nw + ne - 2.0 * n) + 2.0 * abs(w + e - 2.0 * m) + abs(sw + se - 2.0 * s);
  bool isLevel = level >= upright;
  float after = isLevel ? n : e, before = isLevel ? s : w;
  bool isAfter = abs(after - m) >= abs(before - m);
  float other = isAfter ? after : before;
  ivec2 across = (isLevel ? ivec2(0, 1) : ivec2(1, 0)) * (isAfter ? 1 : -1);
  ivec2 along = isLevel ? ivec2(1, 0) : ivec2(0, 1);

  // the step of the stairs that we are on, and how near to its nearer end
  float beside = 0.5 * (m + other), steep = abs(other - m);
  vec2 right = edgeEnd(at, across, along, beside, steep), left = edgeEnd(at, across, -along, beside, steep);
  vec2 nearer = right.x < left.x ? right : left;
  bool ours = (nearer.y < 0.0) != (m < beside);
  float share = ours ? 0.5 - (nearer.x - 0.5) / (right.x + left.x - 1.0) : 0.0;

  // a pixel that stands alone
  float mean = (2.0 * (n + s + e + w) + ne + nw + se + sw) / 12.0;
  float alone = clamp((abs(mean - m) / range - SPECKLE_LEAST) / (1.0 - SPECKLE_LEAST), 0.0, 1.0);
  gl_FragData[0] = vec4(mix(own, colourAt(at + across), max(share, SPECKLE * alone)), 1.0);
}
