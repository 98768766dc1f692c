// A plot with its title, its legend, and the table of its values.

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { Language } from "../language/language.ts";
import type { Punctuality } from "./figures.ts";
import type { PunctualityTexts } from "./language/language.ts";

/** Of each plot. */
export interface PlotProps {
  punctuality: Punctuality;
  /** Paper has no tables to open. */
  isPrinting: boolean;
  language: Language;
  texts: PunctualityTexts;
}

interface Props {
  title: string;
  /** The marks with more than one meaning. */
  legend?: ComponentChildren;
  width: number;
  height: number;
  isPrinting: boolean;
  texts: PunctualityTexts;
  /** The first column names the row. */
  columns: readonly string[];
  rows: readonly (readonly (string | number)[])[];
  note?: string | undefined;
  children: ComponentChildren;
}

export function PlotFigure(props: Props) {
  const { title, legend, width, height, isPrinting, texts, columns, rows, note, children } = props;
  const id = useId();
  return (
    <figure class="plot" aria-labelledby={id}>
      <figcaption>
        <h2 id={id}>{title}</h2>
        {legend}
      </figcaption>
      <svg role="img" aria-label={texts.plot(title)} viewBox={`0 0 ${width} ${height}`}>
        {children}
      </svg>
      {note && <p class="punctuality-note">{note}</p>}
      <details open={isPrinting || undefined}>
        <summary>
          {texts.table}
          <span class="visually-hidden">: {title}</span>
        </summary>
        {/* It scrolls to the side on a phone, by the keyboard too. */}
        <div class="plot-table" role="region" aria-label={title} tabIndex={0}>
          <table>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th key={column} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(([name, ...values]) => (
                <tr key={name}>
                  <th scope="row">
                    <bdi>{name}</bdi>
                  </th>
                  {values.map((value, index) => (
                    <td key={columns[index + 1]}>{value}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}
