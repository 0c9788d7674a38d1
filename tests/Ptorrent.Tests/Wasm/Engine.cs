namespace Ptorrent.Tests.Wasm;

/// <summary>V8 in a process, with flags that choose its compiler.</summary>
internal enum Engine
{
    Node,
    DenoOptimizing,
    DenoBaseline,
}
