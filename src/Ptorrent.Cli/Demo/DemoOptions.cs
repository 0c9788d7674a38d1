namespace Ptorrent.Cli.Demo;

/// <summary>What the demo computes, and where it leaves it.</summary>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Samples">Light paths for each pixel.</param>
/// <param name="OutPath">The picture's file.</param>
/// <param name="Keep">Whether the folder of harbor and agents stays.</param>
internal sealed record DemoOptions(int Width, int Height, int Samples, string OutPath, bool Keep)
{
    public long PixelCount => (long)Width * Height;
}
