using GatewayKit.WireTests.Clients;

namespace GatewayKit.WireTests.Http2;

/// <summary>Frames of one request on stream 3, while an upload is going on on stream 1, and what must come of them.</summary>
/// <param name="Id">What is odd about it.</param>
/// <param name="Bytes">The frames.</param>
/// <param name="Expected">What must come of it.</param>
internal sealed record FrameCase(string Id, string Bytes, Expected Expected)
{
    public const int Stream = 3;

    /// <summary>What Kestrel lets through against RFC 9113, or answers in another way, and why it does no harm here.</summary>
    public string? Leniency { get; init; }

    /// <summary>Whether the destination may have seen the beginning of a request that was then aborted.</summary>
    public bool MayBreakOff { get; init; }

    /// <summary>Whether the request is whole before the frame that breaks the rules, so that it may have arrived.</summary>
    public bool MayArrive { get; init; }

    /// <summary>The first stream that the frames leave unused.</summary>
    public int NextStream { get; init; } = Stream + 2;

    /// <summary>Every way to cut that text has, and cuts at the borders of frames and behind their heads.</summary>
    public IReadOnlyList<Segmentation> Segmentations()
    {
        var (frames, heads) = (new List<int>(), new List<int>());
        for (var at = 0; at + Frame.HeadLength <= Bytes.Length;)
        {
            frames.Add(at);
            heads.Add(at + Frame.HeadLength);
            at += Frame.HeadLength + Frame.ReadHead(Bytes.Substring(at, Frame.HeadLength)).Length;
        }

        return
        [
            .. Segmentation.Of(Bytes),
            .. frames.Count > 1 ? (Segmentation[])[new("before each frame", Inside(frames))] : [],
            new("behind the head of each frame", Inside(heads)),
            new("inside the head of each frame", Inside(frames.SelectMany(static at => Enumerable.Range(at, Frame.HeadLength)))),
        ];

        int[] Inside(IEnumerable<int> cuts) => [.. cuts.Where(cut => cut > 0 && cut < Bytes.Length).Distinct().Order()];
    }
}

/// <summary>What must come of a case.</summary>
internal abstract record Expected
{
    /// <summary>It arrives, once, as one message of HTTP/1.1.</summary>
    /// <param name="Method">The method that arrives.</param>
    /// <param name="Target">The target that arrives.</param>
    /// <param name="Body">The body that arrives.</param>
    internal sealed record Forwarded(string Method, string Target, string Body = "") : Expected
    {
        /// <summary>Field lines that arrive.</summary>
        public IReadOnlyList<string> With { get; init; } = [];

        /// <summary>Fields that do not.</summary>
        public IReadOnlyList<string> Without { get; init; } = [];
    }

    /// <summary>It is answered here.</summary>
    /// <param name="Status">The status.</param>
    /// <param name="Code">The reason code of the gateway; <see langword="null"/> if the server answers by itself.</param>
    internal sealed record Refused(int Status, string? Code = null) : Expected;

    /// <summary>The stream is reset, and no other.</summary>
    internal sealed record StreamError(ErrorCode Code) : Expected;

    /// <summary>GOAWAY and the end of the connection, with all streams on it.</summary>
    internal sealed record ConnectionError(ErrorCode Code) : Expected;

    /// <summary>Nothing at all: the frames concern nothing that is there.</summary>
    internal sealed record Nothing : Expected;
}
