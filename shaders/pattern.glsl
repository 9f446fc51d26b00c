// Patterns that never shimmer: every one is averaged over the pixel, and fades to its mean where it gets too fine.

// Share of the pixel (px wide, x in its middle) that lies in [a, b), [a + 1, b + 1), ...
float pulse(float x, float a, float b, float px)
{
  float low = x - 0.5 * px - a, high = x + 0.5 * px - a, w = b - a;
  return clamp((floor(high) * w + min(fract(high), w) - floor(low) * w - min(fract(low), w)) / px, 0.0, 1.0);
}

// Share of the pixel beyond an edge.
float beyond(float x, float edge, float px) { return clamp((x - edge) / px + 0.5, 0.0, 1.0); }

// 1 where a detail of that size (metres) can be seen, 0 where pixels (metres) are larger than half of it.
float seen(float size, float px) { return 1.0 - smoothstep(0.2, 0.6, px / size); }

float hash1(vec2 p)
{
  vec3 q = fract(vec3(p.xyx) * vec3(0.1031, 0.1030, 0.0973));
  q += dot(q, q.yzx + 33.33);
  return fract((q.x + q.y) * q.z);
}

// Smooth noise, -1..1, mean 0, one hump per cell of that size (metres).
float humps(vec2 at, float size, float px)
{
  vec2 p = at / size, i = floor(p), q = p - i;
  q = q * q * (3.0 - 2.0 * q);
  float a = hash1(i), b = hash1(i + vec2(1.0, 0.0)), c = hash1(i + vec2(0.0, 1.0)), d = hash1(i + vec2(1.0, 1.0));
  return seen(size, px) * (2.0 * mix(mix(a, b, q.x), mix(c, d, q.x), q.y) - 1.0);
}
