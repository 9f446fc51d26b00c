// Object number as a colour, for the id pass: 24 bits in RGB, 0 = nothing.
vec4 colourOfId(int id)
{
  return vec4(float(id & 255), float((id >> 8) & 255), float((id >> 16) & 255), 255.0) / 255.0;
}
