namespace GatewayKit.Pipeline;

/// <summary>What happens to a field whose name other servers take for that of a field that counts.</summary>
public enum HeaderAliasAction
{
    /// <summary>The request is answered 400 <c>header-name</c>.</summary>
    Refuse,

    /// <summary>The field is not forwarded.</summary>
    Drop,
}
