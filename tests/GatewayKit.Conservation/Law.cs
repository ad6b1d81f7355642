namespace GatewayKit.Conservation;

/// <summary>What three independent logs of the same requests cannot contradict. The numbers are those of the conservation law.</summary>
public enum Law
{
    /// <summary>A log is not what the checker was told of: a line that cannot be read, an answer to what was not sent.</summary>
    Form = 0,

    /// <summary>One beginning for each request whose head was whole, and none for what nobody sent.</summary>
    OneBeginning = 1,

    /// <summary>One end for each beginning, unless its process was killed and the next one says so.</summary>
    OneEnd = 2,

    /// <summary>What the client saw is what the end says.</summary>
    SameEnd = 3,

    /// <summary>Destinations saw as many requests as there were attempts, and one at most where twice is once too often.</summary>
    SameAttempts = 4,

    /// <summary>Nothing reached a destination that was refused, and nothing before it was recorded.</summary>
    NoAccessWithoutRecord = 5,

    /// <summary>The chain verifies, and nothing was lost.</summary>
    Unbroken = 6,
}
