namespace GatewayKit.WireTests.Http1;

/// <summary>How the client's connection must be after the last answer.</summary>
internal enum Ending
{
    /// <summary>It takes the next request.</summary>
    Open,

    /// <summary>It is closed, without a further byte.</summary>
    Closed,

    /// <summary>The client leaves: it owes a body that nobody wants.</summary>
    Left,

    /// <summary>It is closed or takes the next request: RFC 9112 leaves it to the server, a wrong answer it does not.</summary>
    Either,
}

/// <summary>One request that the destination must receive, whole and well formed.</summary>
internal sealed record ForwardedMessage(string Method, string Target)
{
    /// <summary>The body, byte for byte; <see langword="null"/> for none and no framing of one.</summary>
    public string? Body { get; init; }

    public bool IsChunked { get; init; }

    /// <summary>Whether it asks for a WebSocket.</summary>
    public bool IsUpgrade { get; init; }

    /// <summary>Lines that must be in the head.</summary>
    public IReadOnlyList<string> With { get; init; } = [];

    /// <summary>Names that must not be in the head.</summary>
    public IReadOnlyList<string> Without { get; init; } = [];
}

/// <summary>One answer that the client must receive.</summary>
/// <param name="Statuses">What its status may be: more than one where RFC 9112 leaves it open.</param>
/// <param name="Code">The reason code of the gateway; empty for a bare answer of the server; an asterisk for either; <see langword="null"/> for the destination's.</param>
/// <param name="Forwarded">What the destination received for it.</param>
internal sealed record ExpectedAnswer(int[] Statuses, string? Code, ForwardedMessage? Forwarded);

/// <summary>
/// Bytes of a client, and what must come of them. Cases are immutable and read from left to right: what is sent, then answer by answer what
/// comes back, then how the connection ends.
/// </summary>
/// <param name="Id">Its name: unique, and stable once it was published.</param>
/// <param name="Bytes">What the client sends, in Latin-1.</param>
internal sealed record RequestCase(string Id, string Bytes)
{
    public IReadOnlyList<ExpectedAnswer> Answers { get; init; } = [];

    public Ending Ending { get; init; } = Ending.Open;

    /// <summary>Whether the destination may have seen the beginning of a request that never became complete.</summary>
    public bool MayBreakOff { get; init; }

    /// <summary>What is sent once the server has said 100 (RFC 9110 §10.1.1).</summary>
    public string? AfterContinue { get; init; }

    /// <summary>Whether the client ends its side after the last byte.</summary>
    public bool HalfCloses { get; init; }

    /// <summary>Whether the server may say nothing at all before it closes.</summary>
    public bool MayBeSilent { get; init; }

    /// <summary>Whether the server logs an error for it that nobody can prevent.</summary>
    public bool LogsError { get; init; }

    /// <summary>The destination gets this request, and its answer is what the client gets.</summary>
    public RequestCase Forwards(
        string requestLine, string? body = null, bool chunked = false, string[]? with = null, string[]? without = null, bool upgrade = false) =>
        Adds(new([200], null, new(requestLine.Split(' ')[0], requestLine[(requestLine.IndexOf(' ', StringComparison.Ordinal) + 1)..])
        {
            Body = body,
            IsChunked = chunked,
            IsUpgrade = upgrade,
            With = with ?? [],
            Without = without ?? [],
        }));

    /// <summary>The gateway answers itself, with a reason, and the destination gets nothing.</summary>
    public RequestCase Refused(int status, string code) => Adds(new([status], code, null));

    /// <summary>The server refuses what it cannot read and closes; neither the gateway nor the destination gets anything.</summary>
    public RequestCase Rejected(params int[] statuses) => Adds(new(statuses, string.Empty, null)) with { Ending = Ending.Closed };

    /// <summary>It ends here, with 400 or one of these, by the server or the gateway, whoever sees it first; the destination gets nothing.</summary>
    public RequestCase Refuses(params int[] statuses) => Adds(new(statuses is [] ? [400] : statuses, "*", null)) with { Ending = Ending.Either };

    /// <summary>The body turns out to be malformed or too large: the client is told and closed, the destination never gets a complete request.</summary>
    public RequestCase BreaksOff(int status = 400, string code = "malformed-body") =>
        Adds(new([status], code, null)) with { Ending = Ending.Closed, MayBreakOff = true };

    /// <summary>Its framing is refused by the server or the gateway: nobody knows where it ends, so the connection is closed.</summary>
    public RequestCase RefusesFraming() => Adds(new([400, 501], "*", null)) with { Ending = Ending.Closed };

    /// <summary>The server may close without a word: the client has, as far as it can tell.</summary>
    public RequestCase Silent() => this with { MayBeSilent = true };

    public RequestCase Closes() => this with { Ending = Ending.Closed };

    public RequestCase Leaves() => this with { Ending = Ending.Left };

    public RequestCase MayClose() => this with { Ending = Ending.Either };

    /// <summary>Waits for the interim answer, then sends the rest.</summary>
    public RequestCase Continues(string rest) => this with { AfterContinue = rest };

    /// <summary>The client sends no more after this, though more was promised.</summary>
    public RequestCase Ends() => this with { HalfCloses = true };

    public override string ToString() => Id;

    private RequestCase Adds(ExpectedAnswer answer) => this with { Answers = [.. Answers, answer] };
}
