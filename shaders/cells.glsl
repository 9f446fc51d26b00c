// Values and marks between the centres of cells.
bool valid(float value) { return !isnan(value) && !isinf(value); }

// Bilinear between those of the four nearest cells that have a value; the cell at `cell` (columns, rows) has one.
float smoothAt(sampler2D tex, vec2 cell, ivec2 size)
{
  vec2 p = cell - 0.5, low = floor(p), q = p - low;
  ivec2 a = clamp(ivec2(low), ivec2(0), size - 1), b = clamp(ivec2(low) + 1, ivec2(0), size - 1);
  vec4 v = vec4(texelFetch(tex, a, 0).r, texelFetch(tex, ivec2(b.x, a.y), 0).r,
                texelFetch(tex, ivec2(a.x, b.y), 0).r, texelFetch(tex, b, 0).r);
  vec4 weight = vec4((1.0 - q.x) * (1.0 - q.y), q.x * (1.0 - q.y), (1.0 - q.x) * q.y, q.x * q.y);
  float sum = 0.0, all_ = 0.0;
  for (int i = 0; i < 4; ++i) {
    bool ok = valid(v[i]);
    sum += ok ? weight[i] * v[i] : 0.0;
    all_ += ok ? weight[i] : 0.0;
  }
  return sum / max(all_, 1e-6);
}

// True where most of the four nearest cells, by bilinear weight, are marked.
bool markedAt(sampler2D marks, vec2 cell, ivec2 size)
{
  vec2 p = cell - 0.5, low = floor(p), q = p - low;
  ivec2 a = clamp(ivec2(low), ivec2(0), size - 1), b = clamp(ivec2(low) + 1, ivec2(0), size - 1);
  vec4 m = vec4(texelFetch(marks, a, 0).r, texelFetch(marks, ivec2(b.x, a.y), 0).r,
                texelFetch(marks, ivec2(a.x, b.y), 0).r, texelFetch(marks, b, 0).r);
  vec4 weight = vec4((1.0 - q.x) * (1.0 - q.y), q.x * (1.0 - q.y), (1.0 - q.x) * q.y, q.x * q.y);
  return dot(weight, step(vec4(0.001), m)) > 0.5;
}
