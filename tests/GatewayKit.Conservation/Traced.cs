namespace GatewayKit.Conservation;

/// <summary>What the three logs say of one request. Times are nanoseconds of the monotonic clock of the host that all three share.</summary>
internal sealed class Traced
{
    private string? _answer;
    private List<string>? _otherAnswers;

    // What the client says.
    public string? Method { get; set; }

    public Head Head { get; set; }

    public bool IsAnswered { get; set; }

    public int Status { get; set; }

    public View View { get; set; }

    public string? Digest { get; set; }

    // What the destinations say.
    public int Heads { get; set; }

    public long FirstHeadAt { get; set; } = long.MaxValue;

    // What the journal says.
    public string? RecordId { get; set; }

    public int Begins { get; set; }

    public long BegunAt { get; set; }

    /// <summary>The number of the line, in its boot.</summary>
    public (int Boot, long Number) BegunAs { get; set; }

    public int Ends { get; set; }

    public int EndStatus { get; set; }

    public string? Outcome { get; set; }

    public string? Error { get; set; }

    /// <summary>Attempts that were answered, and those that may have sent a request.</summary>
    public int Answered { get; set; }

    public int MaySent { get; set; }

    /// <summary>Whether the record has as many attempts as a record can have: there may have been more.</summary>
    public bool HasMostAttempts { get; set; }

    public void Answer(string digest)
    {
        if (_answer is null)
        {
            _answer = digest;
        }
        else if (_answer != digest)
        {
            (_otherAnswers ??= []).Add(digest);
        }
    }

    public bool WasAnsweredWith(string digest) => _answer is "*" || _answer == digest || _otherAnswers?.Exists(other => other is "*" || other == digest) is true;
}

/// <summary>What the client sent of the request's head.</summary>
internal enum Head
{
    /// <summary>All of it.</summary>
    Whole,

    /// <summary>Less: the gateway need not know of it.</summary>
    Part,

    /// <summary>What no server takes: it is refused before it is a request.</summary>
    Malformed,
}

/// <summary>How the client saw the end.</summary>
internal enum View
{
    /// <summary>It did not: it left.</summary>
    Left,

    /// <summary>It saw an answer and all of it.</summary>
    Whole,

    /// <summary>It saw that the answer broke off, or that there was none.</summary>
    Cut,
}
