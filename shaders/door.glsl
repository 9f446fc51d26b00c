// Screen door: of 4 x 4 pixels as many are drawn as an ordered pattern says, so that depth and order never matter.

// Place of a pixel in the pattern, 0..1.
float doorRank()
{
  int x = int(gl_FragCoord.x) & 3, y = int(gl_FragCoord.y) & 3, d = x ^ y;
  int rank = ((d & 1) << 3) | ((y & 1) << 2) | ((d & 2)) | ((y & 2) >> 1);
  return (float(rank) + 0.5) / 16.0;
}

// Whether a pixel is drawn of something of which that share is shown.
// ids: numbers in place of colours: what can hardly be seen is not there.
bool throughDoor(float shown, bool ids) { return shown > (ids ? 0.49 : doorRank()); }

// The same for side A of two that are mixed: it has the pixels that side B leaves, so that what lies at one place is seen
// of both.
bool throughDoorOfA(float shown, bool ids) { return shown > (ids ? 0.49 : 1.0 - doorRank()); }
