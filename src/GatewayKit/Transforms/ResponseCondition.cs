namespace GatewayKit.Transforms;

/// <summary>Which answers a response transform changes.</summary>
public enum ResponseCondition
{
    /// <summary>Those with a status below 400.</summary>
    Success,

    /// <summary>All, also those the gateway made itself.</summary>
    Always,

    /// <summary>Those with a status of 400 or more, also those the gateway made itself.</summary>
    Failure,
}

internal static class ResponseConditions
{
    public static bool Holds(this ResponseCondition condition, int status) => condition switch
    {
        ResponseCondition.Success => status < 400,
        ResponseCondition.Failure => status >= 400,
        _ => true,
    };
}
