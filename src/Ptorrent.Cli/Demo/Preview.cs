using Ptorrent.Cli.Display;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Ptorrent.Cli.Demo;

/// <summary>
/// A picture as characters: each is an upper half block, whose two colours are two pixels of the preview, one above the
/// other. Below it stands the progress.
/// </summary>
internal sealed class Preview(Picture picture, ProgressLine progress) : IRenderable
{
    private const int ColumnCountMax = 64;
    private const int RowsBelow = 4;

    private static readonly Color Unknown = new(24, 24, 28);

    public Measurement Measure(RenderOptions options, int maxWidth) => new(Math.Min(20, maxWidth), maxWidth);

    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        (int columns, int rows) = SizeFor(picture.Width, picture.Height, maxWidth - 1, options.Height ?? int.MaxValue);
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                Color above = ColourOf(column, 2 * row, columns, 2 * rows);
                Color below = ColourOf(column, (2 * row) + 1, columns, 2 * rows);
                yield return new Segment("▀", new Style(above, below));
            }

            yield return Segment.LineBreak;
        }

        foreach (Segment segment in ((IRenderable)progress).Render(options, maxWidth))
        {
            yield return segment;
        }
    }

    /// <summary>The largest preview that keeps the picture's proportions and fits; a character is two pixels high.
    /// </summary>
    internal static (int Columns, int Rows) SizeFor(int width, int height, int columnsMax, int rowsMax)
    {
        int columns = Math.Clamp(Math.Min(ColumnCountMax, columnsMax), 1, width);
        int rows = RowsFor(columns);
        int rowsFit = Math.Max(1, rowsMax - RowsBelow);
        if (rows > rowsFit)
        {
            rows = rowsFit;
            columns = Math.Clamp((int)((long)rows * 2 * width / height), 1, columns);
        }

        return (columns, rows);

        int RowsFor(int columnCount) => Math.Max(1, (int)Math.Round((double)columnCount * height / width / 2));
    }

    private Color ColourOf(int x, int y, int columns, int rows)
    {
        int left = (int)((long)x * picture.Width / columns);
        int right = Math.Max(left + 1, (int)((long)(x + 1) * picture.Width / columns));
        int top = (int)((long)y * picture.Height / rows);
        int bottom = Math.Min(picture.Height, Math.Max(top + 1, (int)((long)(y + 1) * picture.Height / rows)));
        return picture.MeanOf(left, Math.Min(top, bottom - 1), right, bottom) is (byte red, byte green, byte blue)
            ? new Color(red, green, blue)
            : Unknown;
    }
}
