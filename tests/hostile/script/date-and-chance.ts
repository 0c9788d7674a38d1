// Reads every clock and every source of chance that the language has. All must be virtual: the same in each run.
export default function () {
  const seen = [
    new Date().getTime(), Date.now(), new Date(Date()).getFullYear(), Math.floor(performance.now() / 1e9),
    new Date().getTimezoneOffset(), new Date(2020, 5, 1).getTime(), Math.random(), Math.random(),
    typeof Intl,
    (1234.5).toLocaleString(), new Date(0).toLocaleString(),
  ];
  return seen.join(" ");
}
