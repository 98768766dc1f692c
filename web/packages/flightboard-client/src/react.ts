// A React hook that follows a board.

import { followBoard, type FollowOptions } from "flightboard-client";
import type {
  Board,
  BoardFollower,
  BoardSource,
  ConnectionState,
  Flight,
} from "flightboard-client";
import { useEffect, useRef, useState } from "react";

export interface BoardView {
  /** All rows, in the order in which they were added. */
  rows: readonly Flight[];
  /** Null until the rows are there. */
  board: Board | null;
  source: BoardSource | null;
  /** The rows are right as long as this is `live`. */
  status: ConnectionState;
  /** Stops and resumes; undefined until the first effect has run. */
  follower: BoardFollower | undefined;
}

const start: BoardView = {
  rows: [],
  board: null,
  source: null,
  status: { status: "connecting" },
  follower: undefined,
};

/**
 * Follows the board at `url`, such as `https://airport.example/boards/main`, while the component is mounted. The
 * options count when the URL changes.
 */
export function useBoard(url: string, options?: FollowOptions): BoardView {
  const [view, setView] = useState(start);
  const newest = useRef(options);
  newest.current = options;
  useEffect(() => {
    const change = (part: Partial<BoardView>) => setView((before) => ({ ...before, ...part }));
    const follower = followBoard(
      url,
      {
        onRows: (rows, { board, source }) => change({ rows, board, source }),
        onStatus: (status) => change({ status }),
      },
      newest.current,
    );
    change({ follower });
    return () => {
      follower.close();
      setView(start);
    };
  }, [url]);
  return view;
}
