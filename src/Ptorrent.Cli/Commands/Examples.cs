namespace Ptorrent.Cli.Commands;

/// <summary>Examples in the help texts, by command.</summary>
internal static class Examples
{
    public static IReadOnlyDictionary<string, string> ByCommand { get; } =
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ptorrent"] = """
                ptorrent demo                                            see it work
                ptorrent map primes.wasm --over 0..100 --combine lines -- {index}
                ptorrent up                                              share this machine
                """,
            ["map"] = """
                ptorrent map primes.wasm --over 0..1000 --combine lines -- {index}
                ptorrent map render.wasm --over 0..230400 --param width=640 --out picture.rgb
                ptorrent map words.ts --files 'books/**/*.txt' --combine sum
                ptorrent map convert.wasm --files '*.wav' --combine files --out converted -- {file}
                ptorrent map --job sweep.yaml --param seed=7 --detach
                """,
            ["run"] = """
                ptorrent run primes.wasm --over 0..10 --combine lines -- {index}
                """,
            ["jobs"] = """
                ptorrent jobs
                ptorrent jobs --json
                """,
            ["job"] = """
                ptorrent job job_7k3
                ptorrent job 7k3 --follow
                """,
            ["results"] = """
                ptorrent results 7k3 --out picture.rgb
                ptorrent results 7k3 | head
                """,
            ["cancel"] = """
                ptorrent cancel 7k3
                """,
            ["harbor"] = """
                ptorrent harbor --listen 127.0.0.1:7070 --name home
                """,
            ["agent"] = """
                ptorrent agent
                ptorrent agent --harbor http://127.0.0.1:7070 --key-file access.key --slots 4
                """,
            ["up"] = """
                ptorrent up
                ptorrent up --slots 2 --listen 127.0.0.1:7070
                """,
            ["demo"] = """
                ptorrent demo
                ptorrent demo --width 1280 --height 720 --samples 256 --out big.png
                """,
            ["completion"] = """
                source <(ptorrent completion bash)
                ptorrent completion fish > ~/.config/fish/completions/ptorrent.fish
                """,
        };
}
