// What results of scenarios change in a face. Needs style.glsl, face.glsl, door.glsl.
// Defined by the program, each only where it is needed:
//   SIDES (1 swipe, 2 blend), COMPARE (objects have two sides), COMPARE_HIDES (some are only shown in one), NODES,
//   NODE_RANGES (values at nodes have ranges), FADE
// Uniforms: swipeX (pixels from the left), blendShare (of B), fadeShown, layerShown (0..1)
#ifdef SIDES
// Share of side B in this pixel.
float shareOfB()
{
#if SIDES == 1
  return gl_FragCoord.x < swipeX ? 0.0 : 1.0;
#else
  return blendShare;
#endif
}
#endif

#ifdef COMPARE
flat in vec4 otherStyle;   // sides_in.glsl
#endif
#ifdef NODES
in vec3 nodeHere;
#ifdef COMPARE
in vec3 nodeOther;
#endif

#ifdef NODE_RANGES
in vec3 rangeHere;
#ifdef COMPARE
in vec3 rangeOther;
#endif

float unsureNode(vec3 range, int kind)
{
  return range.z <= 0.0 && (kind == VALUE || kind == ZERO) && isWide(range.x, range.y) ? 1.0 : 0.0;
}
#endif

int nodeKind(vec3 node) { return node.z > 0.0 ? NOT_MODELLED : node.y > 0.0 ? NO_DATA : kindOf(node.x); }
#endif

// Take over the side that this pixel shows. False: nothing of the object is drawn here.
bool takeSide(inout Face f, bool ids)
{
  float shown = 1.0;
  bool onlyA = false;
#ifdef FADE
  shown = layerShown * ((f.flags & FLAG_FADING) != 0 ? fadeShown : 1.0);
#endif
#ifdef COMPARE
  float b = shareOfB();
  int packed_ = int(otherStyle.a + 0.5);
#ifdef COMPARE_HIDES
  int sides = packed_ >> 8;
  onlyA = sides == 1;
  shown *= sides == 3 ? 1.0 : sides == 1 ? 1.0 - b : b;
  b = sides == 3 ? b : sides == 1 ? 0.0 : 1.0;
#endif
  f.own = mix(f.own, otherStyle.rgb, b);
  f.unsure = mix(f.unsure, unsureFlag(packed_), b);
  f.flags = b > 0.5 ? packed_ & 255 : f.flags;
#endif
#ifdef NODES
  int kind = nodeKind(nodeHere);
  vec3 rgb = kindColour(kind, nodeHere.x);
#ifdef NODE_RANGES
  f.unsure = unsureNode(rangeHere, kind);
#endif
#ifdef COMPARE
  int other = nodeKind(nodeOther);
  rgb = mix(rgb, kindColour(other, nodeOther.x), b);
#ifdef NODE_RANGES
  f.unsure = mix(f.unsure, unsureNode(rangeOther, other), b);
#endif
  kind = b > 0.5 ? other : kind;
#endif
  f.own = rgb;
  f.flags = (f.flags & ~FLAGS_OF_VALUE) | kindFlags(kind);
#endif
#if defined(FADE) || defined(COMPARE_HIDES)
  return onlyA ? throughDoorOfA(shown, ids) : throughDoor(shown, ids);
#else
  return true;
#endif
}
