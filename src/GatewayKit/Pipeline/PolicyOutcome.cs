namespace GatewayKit.Pipeline;

/// <summary>What a policy did with a request.</summary>
public enum PolicyOutcome
{
    /// <summary>Let it through.</summary>
    Allowed,

    /// <summary>Ended it with a refusal.</summary>
    Refused,

    /// <summary>Ended it with an answer that is no refusal, such as a stored one.</summary>
    Answered,

    /// <summary>Ran in <see cref="PolicyMode.Shadow"/> and would have ended it.</summary>
    WouldRefuse,
}
