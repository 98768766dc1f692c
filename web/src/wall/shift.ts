// A wall moves by 2 pixels each minute, round a small square: a still picture would burn itself into the screen.

export const STEP_PIXELS = 2;
const STEPS_A_SIDE = 4;
/** The room that the wall needs beyond its size; wall.css has it as `--room`. */
export const ROOM_PIXELS = STEP_PIXELS * STEPS_A_SIDE;

const MINUTE = 60_000;

export function shiftAt(instant: number): { x: number; y: number } {
  const step = Math.floor(instant / MINUTE) % (4 * STEPS_A_SIDE);
  const side = Math.floor(step / STEPS_A_SIDE);
  const along = (step % STEPS_A_SIDE) * STEP_PIXELS;
  switch (side) {
    case 0:
      return { x: along, y: 0 };
    case 1:
      return { x: ROOM_PIXELS, y: along };
    case 2:
      return { x: ROOM_PIXELS - along, y: ROOM_PIXELS };
    default:
      return { x: 0, y: ROOM_PIXELS - along };
  }
}
