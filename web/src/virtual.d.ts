/** Made from the table of airports by build/city-names.ts: `LAX Los Angeles`, one line an airport. */
declare module "virtual:city-names" {
  const lines: string;
  export default lines;
}
